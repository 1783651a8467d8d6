import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What the pages that yt-dlp left behind say, whatever yt-dlp made of them. */
export interface PageState {
  /** TikTok's own code of the account, as far as a page told it. */
  readonly account: number | undefined;
  /** Of the post. */
  readonly post: number | undefined;
  /** The account streams at present. */
  readonly live: boolean;
  /** Numbers of posts that are pictures. */
  readonly photos: ReadonlySet<string>;
}

/** Pages are some hundred KB; what is far longer is none of TikTok's. */
const MAX_PAGE_BYTES = 16 * 2 ** 20;

const id = z.union([z.string(), z.number()]).transform(String);
const post = z.object({ id, imagePost: z.unknown().optional() });
const userDetail = z.object({
  statusCode: z.number().optional(),
  userInfo: z.object({ user: z.object({ roomId: z.string().optional() }).optional() }).optional(),
});
const videoDetail = z.object({
  statusCode: z.number().optional(),
  itemInfo: z.object({ itemStruct: post.optional() }).optional(),
});
const scope = z.object({
  __DEFAULT_SCOPE__: z.object({
    'webapp.user-detail': userDetail.optional(),
    'webapp.video-detail': videoDetail.optional(),
  }),
});
const list = z.object({
  itemList: z.array(post).optional(),
  aweme_list: z.array(z.object({ aweme_id: id, image_post_info: z.unknown().optional() })).optional(),
});

/** Reads the `.dump` files of a folder. What can not be read says nothing. */
export async function readPages(folder: string): Promise<PageState> {
  let account: number | undefined;
  let status: number | undefined;
  let live = false;
  const photos = new Set<string>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.dump')) continue;
    const path = join(folder, name);
    if ((await stat(path)).size > MAX_PAGE_BYTES) continue;
    const text = await readFile(path, 'utf8');
    const page = scope.safeParse(parseJson(universalData(text))).data?.__DEFAULT_SCOPE__;
    account ??= page?.['webapp.user-detail']?.statusCode;
    live ||= (page?.['webapp.user-detail']?.userInfo?.user?.roomId ?? '') !== '';
    status ??= page?.['webapp.video-detail']?.statusCode;
    const posts = list.safeParse(parseJson(text)).data;
    const shown = page?.['webapp.video-detail']?.itemInfo?.itemStruct;
    for (const item of [...(posts?.itemList ?? []), ...(shown ? [shown] : [])]) {
      if (item.imagePost !== undefined) photos.add(item.id);
    }
    for (const item of posts?.aweme_list ?? []) {
      if (item.image_post_info !== undefined) photos.add(item.aweme_id);
    }
  }
  return { account, post: status, live, photos };
}

function universalData(text: string): string {
  return /<script[^>]+\bid="__UNIVERSAL_DATA_FOR_REHYDRATION__"[^>]*>([^<]*)<\/script>/.exec(text)?.[1] ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
