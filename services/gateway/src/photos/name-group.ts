import { randomUUID } from 'node:crypto';
import type { GroupResult } from '@mediaworks/contracts';
import { StorageError } from '@mediaworks/storage';
import type { Request } from 'express';
import { ApiError } from '../api-error.ts';
import { auditEntry, writeAudit } from '../audit.ts';
import type { GatewayDeps } from '../deps.ts';
import { removeAll } from '../staging/remove-all.ts';
import type { BatchRow } from './batch-queries.ts';
import { personPhotoKey } from './object-keys.ts';
import { findByName, insertPerson } from './person-queries.ts';
import { enrolNamedFace, lockFaces, type NameableFace, nameFaces } from './unknown-queries.ts';

/** Of a group, so many of the clearest faces are what the person is known by. */
const MOST_ENROLLED = 10;

/**
 * Gives the faces of a group to a person, who is known by the clearest of them from now on.
 * @returns the person's id
 * @throws ApiError 404 when the faces were named or forgotten meanwhile
 */
export async function nameGroup(
  { db, store }: Pick<GatewayDeps, 'db' | 'store'>,
  req: Request,
  {
    batch,
    faces,
    name,
  }: {
    batch: Pick<BatchRow, 'id' | 'owner_id'>;
    faces: GroupResult['groups'][number]['faces'];
    name: string;
  },
): Promise<string> {
  const ownerId = batch.owner_id;
  const copied: string[] = [];
  /** The person's own photo: that of the batch is removed one day. */
  const keep = async ({
    object_key,
    filename,
  }: NameableFace): Promise<{ id: string; key: string } | undefined> => {
    if (object_key === null) return undefined;
    const id = randomUUID();
    const key = personPhotoKey(ownerId, id, filename);
    try {
      await store.copy(object_key, key);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'not_found') return undefined;
      throw error;
    }
    copied.push(key);
    return { id, key };
  };
  try {
    return await db.transaction().execute(async (tx) => {
      const found = await lockFaces(tx, batch.id, faces);
      if (found.length === 0) throw new ApiError(404, 'not_found', 'There is no such group');
      const fresh = randomUUID();
      const isNew = await insertPerson(tx, { id: fresh, ownerId, name });
      const personId = isNew ? fresh : await findByName(tx, ownerId, name);
      if (personId === undefined) throw new ApiError(409, 'name_taken', 'The person was renamed meanwhile');
      await nameFaces(tx, found, personId);
      for (const face of found.slice(0, MOST_ENROLLED)) {
        const photo = await keep(face);
        if (photo) await enrolNamedFace(tx, face, { ...photo, ownerId, personId });
      }
      await writeAudit(tx, [auditEntry(req, 'photos.name', batch.id, { person: personId })]);
      return personId;
    });
  } catch (error) {
    await removeAll(store, copied);
    throw error;
  }
}
