import type { Executor, Handler } from '@mediaworks/jobs';
import { fromBytes } from './embedding-bytes.ts';
import { type FaceEngine, groupUnknowns } from './engine/index.ts';
import { unknownFaces, type UnknownRow } from './queries.ts';

/** Comparing each with each, these take a second or two. */
const MOST_FACES = 1_500;

/** Put those unknown faces of a batch together that are the same person's, the largest group first. */
export function group({ db, engine }: { db: Executor; engine: FaceEngine }): Handler<'photos.group'> {
  return async ({ batch_id }) => {
    const rows = await unknownFaces(db, batch_id, MOST_FACES);
    // Faces that another model described can be compared with none of these.
    const [own, others] = [true, false].map((wanted) =>
      rows.filter(({ model_id }) => (model_id === engine.modelId) === wanted),
    ) as [UnknownRow[], UnknownRow[]];
    const faces = own.map(({ photo_id, embedding }) => ({
      photo: photo_id,
      embedding: fromBytes(embedding),
    }));
    const grouped = groupUnknowns(faces, engine.calibration).map((members) =>
      members.flatMap((n) => own[n] ?? []),
    );
    const groups = [...grouped, ...others.map((row) => [row])].flatMap((members) => {
      const [first] = members;
      if (!first) return [];
      const id = `${first.photo_id}.${first.face}`;
      return { id, faces: members.map(({ photo_id, face }) => ({ photo_id, face })) };
    });
    return { groups };
  };
}
