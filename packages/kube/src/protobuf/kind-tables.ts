/** The tables of all messages, parsed when the first body needs them, and which of them are kinds. */
import { type MessageTable, MessageTables } from './message-table.ts';
import { clusterMessages } from './tables/cluster.ts';
import { coreMessages } from './tables/core.ts';
import { groupMessages } from './tables/groups.ts';
import { metaMessages } from './tables/meta.ts';
import { volumeMessages } from './tables/volumes.ts';

let tables: MessageTables | undefined;

/** Every message. */
export function messageTables(): MessageTables {
  tables ??= new MessageTables([metaMessages, coreMessages, volumeMessages, groupMessages, clusterMessages]);
  return tables;
}

/** What every group may name its own. */
const sharedKinds: ReadonlySet<string> = new Set(['DeleteOptions', 'Status', 'PartialObjectMetadata']);

/** Only objects have kinds: what carries metadata and is no part of another object, and what all groups share. */
export function findKindTable(apiVersion: string, kind: string): MessageTable | undefined {
  const all = messageTables();
  if (sharedKinds.has(kind)) return all.find('', kind);
  const scope = apiVersion === 'v1' ? '' : apiVersion;
  const table = all.find(scope, kind);
  if (table === undefined || table.scope !== scope) return undefined;
  const isTemplate = kind.endsWith('Spec') || kind.endsWith('Template');
  return table.fields.get(1)?.name === 'metadata' && !isTemplate ? table : undefined;
}
