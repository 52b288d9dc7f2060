/** What people read about fields that are the same wherever they stand, unless their type says more. */

/** Description by field name. */
export const sharedFields: ReadonlyMap<string, string> = new Map([
  ['apiVersion', 'The group and version of the API that the object is written for, for example `apps/v1`.'],
  ['kind', 'The kind of the object, in camel case.'],
  ['metadata', 'What every object says about itself: name, namespace, labels and more.'],
  ['spec', 'What is wanted.'],
  ['status', 'What is known; set by the cluster.'],
  ['type', 'Which of its kinds it is.'],
  ['name', 'What it is called.'],
  ['value', 'Its value.'],
  ['optional', 'Whether it may be missing.'],
  ['conditions', 'What is true now.'],
  ['reason', 'Why, in one word for programs.'],
  ['message', 'Why, in a sentence for people.'],
  ['lastTransitionTime', 'When its status changed last.'],
  ['lastProbeTime', 'When it was looked at last.'],
  ['lastHeartbeatTime', 'When it was confirmed last.'],
  ['observedGeneration', 'The generation of the object that this is about.'],
  ['items', 'The objects.'],
]);

/** The same for the fields of conditions, whose `type` and `status` are words. */
export const conditionFields: ReadonlyMap<string, string> = new Map([
  ['type', 'What the condition is about, in one word.'],
  ['status', '`True`, `False` or `Unknown`.'],
]);
