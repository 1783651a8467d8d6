import {
  inAppWords,
  inWebWords,
  type Post,
  postPage,
  type Profile,
  profilePage,
  secUidOf,
  userIdOf,
} from './site.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

type Profiles = ReadonlyMap<string, Profile>;

/** Posts on a page of a list. */
const APP_PAGE = 21;
const WEB_PAGE = 15;

const answer = (status: number, type: string, body: Buffer | string): Answer => ({
  status,
  headers: { 'Content-Type': type },
  body: Buffer.from(body),
});
const html = (text: string) => answer(200, 'text/html; charset=utf-8', text);
const json = (value: unknown) => answer(200, 'application/json', JSON.stringify(value));
const nothing = () => answer(404, 'text/html; charset=utf-8', '<!DOCTYPE html><body>Nothing here</body>');

/** What the site answers to a request for this address. */
export function answerTo(url: URL, profiles: Profiles, range: string | undefined): Answer {
  const path = url.pathname;
  if (url.hostname.endsWith('.tiktokcdn.com')) return file(path, profiles, range);
  if (path.endsWith('/aweme/post/')) return listInApp(url, profiles);
  if (path.endsWith('/feed/')) return feed(url.searchParams.get('aweme_id') ?? '', profiles);
  if (path === '/api/creator/item_list/') return listOnWeb(url, profiles);
  const [, username = '', video] = /^\/@([^/]+?)(?:\/video\/(\d+))?\/?$/.exec(path) ?? [];
  if (username === '') return nothing();
  if (video === undefined) return html(profilePage(profiles.get(username) ?? unknown(username)));
  const [profile, post] = postOf(video, profiles) ?? [unknown(username), missing(video)];
  return html(postPage(profile, post));
}

function postOf(id: string, profiles: Profiles): [Profile, Post] | undefined {
  for (const profile of profiles.values()) {
    const post = profile.posts.find((one) => one.id === id);
    if (post) return [profile, post];
  }
  return undefined;
}

const unknown = (username: string): Profile => ({ username, statusCode: 10202, roomId: '', posts: [] });
const missing = (id: string): Post => ({
  id,
  title: '',
  createdAt: 0,
  bytes: Buffer.alloc(0),
  thumbnail: Buffer.alloc(0),
  photos: false,
  statusCode: 10204,
  inApp: false,
});

const shown = (profile: Profile | undefined) => (profile?.statusCode === 0 ? profile.posts : []);

function listInApp(url: URL, profiles: Profiles): Answer {
  const userId = url.searchParams.get('user_id') ?? '';
  const profile = [...profiles.values()].find((one) => userIdOf(one) === userId);
  const posts = shown(profile);
  const from = Number(url.searchParams.get('max_cursor') ?? 0);
  const page = posts.slice(from, from + APP_PAGE);
  const next = from + page.length;
  return json({
    status_code: 0,
    aweme_list: profile ? page.map((post) => inAppWords(profile, post)) : [],
    has_more: next < posts.length,
    max_cursor: next,
  });
}

function listOnWeb(url: URL, profiles: Profiles): Answer {
  const profile = [...profiles.values()].find((one) => secUidOf(one) === url.searchParams.get('secUid'));
  const before = Number(url.searchParams.get('cursor'));
  const posts = shown(profile).filter((post) => post.createdAt * 1_000 < before);
  const page = posts.slice(0, WEB_PAGE);
  return json({
    statusCode: 0,
    itemList: profile ? page.map((post) => inWebWords(profile, post)) : [],
    hasMorePrevious: posts.length > page.length,
  });
}

/** The feed begins with the video that is asked for, if it is to be had, and goes on with whatever. */
function feed(id: string, profiles: Profiles): Answer {
  const found = postOf(id, profiles);
  if (!found?.[1].inApp || found[1].statusCode !== 0) return json({ status_code: 0, aweme_list: [] });
  return json({ status_code: 0, aweme_list: [inAppWords(...found)] });
}

function file(path: string, profiles: Profiles, range: string | undefined): Answer {
  const [, id = '', extension] = /\/(\d+)\.(mp4|mp3|jpg)$/.exec(path) ?? [];
  const post = postOf(id, profiles)?.[1];
  if (!post) return nothing();
  if (extension === 'jpg') return answer(200, 'image/jpeg', post.thumbnail);
  const whole = answer(200, extension === 'mp4' ? 'video/mp4' : 'audio/mpeg', post.bytes);
  const [, from] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  if (from === undefined) return whole;
  const last = post.bytes.length - 1;
  return {
    status: 206,
    headers: { ...whole.headers, 'Content-Range': `bytes ${from}-${last}/${last + 1}` },
    body: post.bytes.subarray(Number(from)),
  };
}
