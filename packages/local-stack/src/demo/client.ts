import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { isTerminal, type JobView } from '@mediaworks/contracts';

/** A client as anyone would write one: HTTP and the token, nothing from inside. */
export class Client {
  constructor(
    readonly baseUrl: string,
    private readonly token: string,
  ) {}

  /** @throws Error with the answer's text unless it is 2xx */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.token}`);
    const response = await fetch(new URL(path, this.baseUrl), { ...init, headers }).catch(
      (error: unknown) => {
        throw new Error(`${init.method ?? 'GET'} ${path}: ${String((error as Error).cause ?? error)}`);
      },
    );
    if (!response.ok) {
      throw new Error(
        `${init.method ?? 'GET'} ${path} answered ${response.status}: ${await response.text()}`,
      );
    }
    return response;
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.request(path, init)).json()) as T;
  }

  /** Sends a file as multipart `file`, with other fields beside it. */
  async upload<T>(path: string, file: string, fields: Record<string, string> = {}): Promise<T> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('file', await openAsBlob(file), basename(file));
    return this.json<T>(path, { method: 'POST', body: form });
  }

  /** Follows a job's events to its end. A stream that breaks is taken up again where it stopped. */
  async follow(jobId: string, onEvent: (job: JobView) => void): Promise<JobView> {
    let lastEventId = '';
    for (;;) {
      const response = await this.request(`/api/jobs/${jobId}/events`, {
        headers: lastEventId === '' ? {} : { 'last-event-id': lastEventId },
      });
      for await (const event of serverSentEvents(response)) {
        lastEventId = event.id;
        const job = JSON.parse(event.data) as JobView;
        onEvent(job);
        if (isTerminal(job.status)) return job;
      }
    }
  }
}

/** Source: the event stream format of the HTML standard, section 9.2; without retry and comments, which say nothing here. */
async function* serverSentEvents(response: Response): AsyncGenerator<{ id: string; data: string }> {
  if (!response.body) return;
  let buffered = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    buffered += chunk;
    const blocks = buffered.split(/\r?\n\r?\n/);
    buffered = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split(/\r?\n/)
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ''))
          .join('\n');
      const data = field('data');
      if (data !== '') yield { id: field('id'), data };
    }
  }
}
