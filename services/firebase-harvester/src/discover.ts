import { type DiscoverInput, harvestUserInput } from '@mediaworks/contracts';
import type { Executor, Handler, JobContext } from '@mediaworks/jobs';
import { z } from 'zod';
import { distinctName, folderName } from './naming/safe-name.ts';
import type { Project } from './project/open-project.ts';
import { PAGE, pageOfUsers, type UserDocument, usersByEmail } from './project/read-users.ts';
import { forgetOldEntries, settleUsers } from './queries.ts';

/** Where to go on, in the same run of the job; another run looks at everybody again. */
const cursor = z.object({
  run: z.int(),
  after: z.string(),
  users: z.int(),
  problems: z.array(z.string()),
});

const MAX_PROBLEMS = 100;

/** Find the users page by page, give each its folder, and have each harvested by a job of its own. */
export function discover(tools: {
  project: () => Project;
  db: Executor;
  runsKept: number;
}): Handler<'harvest.discover'> {
  return async (input, ctx) => {
    const project = tools.project();
    const saved = cursor.safeParse(ctx.job.checkpoint).data;
    const resumed = saved?.run === ctx.job.run ? saved : undefined;
    const problems = resumed?.problems ?? [];
    let users = resumed?.users ?? 0;
    const take = async (page: readonly UserDocument[]) => {
      const usable = page.filter(isUsable);
      if (usable.length < page.length) note(problems, 'A user has an id or address that can not be kept');
      await spawnUsers(input, usable, ctx, tools.db);
      users += usable.length;
      ctx.progress(Math.min(95, users / 100), `${users} users found`);
    };

    ctx.progress(0, 'looking for users');
    if (input.users === null) {
      let after = resumed?.after;
      for (let more = true; more;) {
        const page = await pageOfUsers(project, after, ctx.signal);
        await take(page);
        after = page.at(-1)?.id;
        more = page.length === PAGE;
        if (after !== undefined) await ctx.checkpoint({ run: ctx.job.run, after, users, problems });
      }
    } else {
      const found = await usersByEmail(project, input.users, ctx.signal);
      for (const email of found.unknown) note(problems, `There is no user ${email}`);
      for (let start = 0; start < found.users.length; start += PAGE) {
        await take(found.users.slice(start, start + PAGE));
      }
    }
    await forgetOldEntries(tools.db, tools.runsKept);
    return { users, problems };
  };
}

async function spawnUsers(
  { run_id, dry_run, force, zip }: DiscoverInput,
  users: readonly UserDocument[],
  ctx: JobContext,
  db: Executor,
): Promise<void> {
  const settled = await settleUsers(
    db,
    users.map(({ id, email }) => ({ doc_id: id, email, folders: folderChoices(id, email) })),
  );
  const children = settled.map(({ id, doc_id, email, folder }) => ({
    key: doc_id,
    input: harvestUserInput.parse({ run_id, user_id: id, doc_id, email, folder, dry_run, force, zip }),
  }));
  await ctx.spawnAll('harvest.user', children);
}

/** The plain name first; the others are for those who come after somebody of the same. */
function folderChoices(docId: string, email: string): string[] {
  const name = folderName(email);
  return [name, distinctName(name, docId, 8), distinctName(name, docId, 64)];
}

/** Postgres keeps no text with a NUL in it. */
function isUsable({ id, email }: UserDocument): boolean {
  return !id.includes('\0') && !email.includes('\0') && Buffer.from(email).toString() === email;
}

function note(problems: string[], problem: string): void {
  if (problems.length < MAX_PROBLEMS) problems.push(problem);
}
