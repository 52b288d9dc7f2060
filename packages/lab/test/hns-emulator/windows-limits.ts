/** The cases of the suite that Windows cannot have: exactly those of the four features that it lacks. */
export const windowsLimits: readonly { readonly rule: string; readonly reason: string }[] = [
  { rule: 'DP7', reason: 'Windows does not filter SCTP' },
  { rule: 'DP8', reason: 'Windows has no except' },
  { rule: 'DP9', reason: 'Windows has no named ports' },
  { rule: 'DP10', reason: 'Windows has no negative selectors' },
];
