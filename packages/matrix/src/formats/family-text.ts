/** Families of addresses in words. */
import type { Family } from '@weir/net';

/** `IPv4`, `IPv6`, `IPv4 and IPv6`. */
export function familyText(families: readonly Family[]): string {
  return [...families]
    .sort((a, b) => a - b)
    .map((family) => `IPv${family}`)
    .join(' and ');
}

/** Whether rows of a report differ by family, so that it has to be said. */
export function tellsFamilies(rows: readonly { readonly families: readonly Family[] }[]): boolean {
  return new Set(rows.map(({ families }) => familyText(families))).size > 1;
}
