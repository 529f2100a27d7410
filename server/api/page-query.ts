/** How lists are paged: by cursor, an opaque string from the page before. */
import { z } from 'zod';

export const pageQuery = z.object({
  cursor: z.string().max(1200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
