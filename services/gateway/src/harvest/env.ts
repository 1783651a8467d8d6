import { z } from 'zod';

/** What the gateway reads for the harvester; the same as the worker reads. */
export const harvestEnv = {
  HARVEST_USERS_COLLECTION: z.string().default('email_users'),
};
