/** Why a policy is refused, or in force only in part, and what to do about it, each in one text. */
import type { RefusedPolicy } from '@weir/calc';

type Said = Pick<RefusedPolicy, 'diagnostics'>;

/** All reasons with their fields, cut after `limit` UTF-16 code units. */
export function refusalReason({ diagnostics }: Said, limit: number): string {
  return cutText(diagnostics.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`)).join('; '), limit);
}

/** What to do, each thing once, cut after `limit` UTF-16 code units. */
export function refusalAdvice({ diagnostics }: Said, limit: number): string {
  return cutText([...new Set(diagnostics.map(({ action }) => action))].join('; '), limit);
}

/** The text, or its beginning with an ellipsis. */
export function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
