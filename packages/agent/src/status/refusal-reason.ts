/** Why a policy is refused, in one text. */
import type { RefusedPolicy } from '@weir/calc';

/** All reasons with their fields, cut after `limit` UTF-16 code units. */
export function refusalReason({ diagnostics }: RefusedPolicy, limit: number): string {
  return cutText(diagnostics.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`)).join('; '), limit);
}

/** The text, or its beginning with an ellipsis. */
export function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
