import type { Post, Profile } from './site.ts';

/** What every post of a made-up account has. */
export interface Ingredients {
  /** A video file. */
  video: Buffer;
  /** A JPEG. */
  thumbnail: Buffer;
}

const NEWEST_S = Date.UTC(2024, 5, 1) / 1_000;
const DAY_S = 86_400;
const FIRST_ID = 7_300_000_000_000_000_000n;
let accounts = 0n;

/** An account with so many videos, a day apart, newest first; no two accounts share a number. */
export function makeProfile(
  username: string,
  posts: number,
  { video, thumbnail }: Ingredients,
  change: (post: Post, index: number) => Partial<Post> = () => ({}),
): Profile {
  const first = FIRST_ID + ++accounts * 1_000n;
  return {
    username,
    statusCode: 0,
    roomId: '',
    posts: Array.from({ length: posts }, (_, index) => {
      const post: Post = {
        id: String(first + BigInt(posts - index)),
        title: `Video ${index + 1} of ${username} #school`,
        createdAt: NEWEST_S - index * DAY_S,
        bytes: video,
        thumbnail,
        photos: false,
        statusCode: 0,
        inApp: true,
      };
      return { ...post, ...change(post, index) };
    }),
  };
}
