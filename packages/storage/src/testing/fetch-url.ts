import type { Opened } from '../conformance/subject.ts';

export async function fetchUrl(url: string): Promise<Opened> {
  const response = await fetch(url);
  return {
    status: response.status,
    body: Buffer.from(await response.arrayBuffer()),
    disposition: response.headers.get('content-disposition') ?? '',
  };
}
