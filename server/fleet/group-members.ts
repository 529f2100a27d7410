/** Who is in a group. */
import type { Database } from '../store/database.ts';

/** Ids of its members now; for the condition of another query, which sees to the scope. */
export function membersOf(db: Database, groupId: string) {
  return db
    .selectFrom('group_members')
    .select('group_members.device_id')
    .where('group_members.group_id', '=', groupId)
    .where('group_members.removed_at', 'is', null);
}
