import { createHash } from 'node:crypto';

/** What the site knows of a post. */
export interface Post {
  /** Its number. */
  id: string;
  title: string;
  /** Seconds since 1970. */
  createdAt: number;
  /** The video file; of a post of pictures, its music. */
  bytes: Buffer;
  /** A JPEG. */
  thumbnail: Buffer;
  /** Pictures, which there is no video of. */
  photos: boolean;
  /** As TikTok's pages say it: 0 is well, 10204 gone, 10216 private, 10231 not for this country. */
  statusCode: number;
  /** Whether the app's interface tells of it, which older extractors ask first; otherwise its page alone does. */
  inApp: boolean;
}

/** What the site knows of an account, newest post first. */
export interface Profile {
  username: string;
  /** 0 is well, 10202 gone, 10221 banned, 10222 private. */
  statusCode: number;
  /** The room that it streams from at present; empty when it does not. */
  roomId: string;
  posts: Post[];
}

const WIDTH = 576;
const HEIGHT = 1024;
const SECONDS = 3;

const fileOf = (post: Post) =>
  post.photos
    ? `https://v16-music.tiktokcdn.com/ies-music-aso/${post.id}.mp3`
    : `https://v16-webapp.tiktokcdn.com/video/${post.id}.mp4`;
const coverOf = (post: Post) => `https://p16-sign.tiktokcdn.com/cover/${post.id}.jpg`;
export const secUidOf = (profile: Profile) =>
  `MS4wLjABAAAA${Buffer.from(profile.username).toString('hex').padEnd(64, '0').slice(0, 64)}`;
/** A number of 19 digits. */
export const userIdOf = ({ username }: Pick<Profile, 'username'>) =>
  `6${createHash('sha256').update(username).digest().readBigUInt64BE().toString().padStart(18, '0').slice(-18)}`;
const statistics = (post: Post) => {
  const base = Number(post.id.slice(-4));
  return { plays: base * 100 + 1, likes: base * 10 + 2, comments: base + 3, shares: base + 4 };
};

/** A post as the app's interface tells it. */
export function inAppWords(profile: Profile, post: Post): unknown {
  const { plays, likes, comments, shares } = statistics(post);
  return {
    aweme_id: post.id,
    desc: post.title,
    create_time: post.createdAt,
    author: { unique_id: profile.username, uid: userIdOf(profile), nickname: 'A student' },
    statistics: {
      play_count: plays,
      digg_count: likes,
      comment_count: comments,
      share_count: shares,
    },
    music: { title: 'a sound', author: 'An artist', album: 'An album' },
    ...(post.photos ? { image_post_info: { images: [{}] } } : {}),
    video: {
      width: WIDTH,
      height: HEIGHT,
      duration: SECONDS * 1_000,
      play_addr: { url_list: [fileOf(post)], data_size: post.bytes.length },
      cover: { url_list: [coverOf(post)] },
    },
  };
}

/** A post as the web pages tell it. */
export function inWebWords(profile: Profile, post: Post): Record<string, unknown> {
  const { plays, likes, comments, shares } = statistics(post);
  return {
    id: post.id,
    desc: post.title,
    createTime: post.createdAt,
    author: {
      id: userIdOf(profile),
      uniqueId: profile.username,
      nickname: 'A student',
      secUid: secUidOf(profile),
    },
    stats: { playCount: plays, diggCount: likes, commentCount: comments, shareCount: shares },
    music: {
      title: 'a sound',
      authorName: 'An artist',
      album: 'An album',
      ...(post.photos ? { playUrl: fileOf(post) } : {}),
    },
    ...(post.photos ? { imagePost: { images: [{}] } } : {}),
    // The older extractor looks for it here.
    thumbnail: coverOf(post),
    video: {
      width: WIDTH,
      height: HEIGHT,
      duration: post.photos ? 0 : SECONDS,
      ...(post.photos ? {} : { playAddr: fileOf(post) }),
      cover: coverOf(post),
    },
  };
}

const script = (id: string, data: unknown) =>
  `<script id="${id}" type="application/json">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;
const page = (...content: string[]) =>
  `<!DOCTYPE html><html><head><title>TikTok</title></head><body>${content.join('')}</body></html>`;

/** The page of an account. */
export function profilePage(profile: Profile): string {
  const { username, statusCode, roomId, posts } = profile;
  const user = {
    uniqueId: username,
    secUid: secUidOf(profile),
    privateAccount: statusCode === 10222,
    roomId,
  };
  const stats = { videoCount: posts.length };
  const userInfo = statusCode === 0 ? { user, stats } : {};
  return page(
    `<a href="snssdk1233://user/profile/${userIdOf(profile)}">Open the app</a>`,
    script('__UNIVERSAL_DATA_FOR_REHYDRATION__', {
      __DEFAULT_SCOPE__: { 'webapp.user-detail': { statusCode, userInfo } },
    }),
  );
}

/** The page of a post, with its data in both of the places where extractors of different ages look. */
export function postPage(profile: Profile, post: Post): string {
  const { statusCode } = post;
  const itemStruct = statusCode === 0 ? inWebWords(profile, post) : undefined;
  return page(
    script('SIGI_STATE', {
      VideoPage: { statusCode },
      ItemModule: itemStruct ? { [post.id]: { ...itemStruct, author: profile.username } } : {},
    }),
    script('__UNIVERSAL_DATA_FOR_REHYDRATION__', {
      __DEFAULT_SCOPE__: { 'webapp.video-detail': { statusCode, itemInfo: { itemStruct } } },
    }),
  );
}
