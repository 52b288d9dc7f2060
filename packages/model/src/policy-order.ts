/**
 * In which order tiers, and the policies of a tier, are asked: one comparison for whoever puts them in order.
 *
 * Equal orders are told apart by names, as Calico does it: of policies by the text `name/namespace/kind`, in which `a-b` comes
 * before `a`.
 */
import type { Policy, PolicyRef, Tier } from './model.ts';

/** Tiers by order, then by name. */
export function compareTiers(a: Pick<Tier, 'order' | 'name'>, b: Pick<Tier, 'order' | 'name'>): number {
  return compareOrders(a.order, b.order) || compareText(a.name, b.name);
}

/** Policies of one tier by order, then by {@link policyTieText}. */
export function comparePolicies(a: Pick<Policy, 'order' | 'ref'>, b: Pick<Policy, 'order' | 'ref'>): number {
  return compareOrders(a.order, b.order) || compareText(policyTieText(a.ref), policyTieText(b.ref));
}

/** Numbers that may be infinite. */
export function compareOrders(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}

/** Texts by their UTF-16 code units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A text that sorts policies of equal order, and that no two objects share. No name holds a slash. */
export function policyTieText({ name, namespace = '', kind, apiVersion }: PolicyRef): string {
  return [name, namespace, kind, apiVersion].join('/');
}
