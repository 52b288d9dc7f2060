/** Selectors as tables print them (`metav1.FormatLabelSelector`, `labels.FormatLabels`). */
import { type JsonObject, listAt, objectAt, objectsAt, textAt } from './json-object.ts';

/** `a=b,c in (x,y),!d`, sorted by key; `<none>` for a selector without requirements, `<none>` when absent. */
export function formatLabelSelector(selector: JsonObject | undefined): string {
  const requirements: { readonly key: string; readonly text: string }[] = [];
  for (const [key, value] of Object.entries(objectAt(selector, 'matchLabels') ?? {}))
    requirements.push({ key, text: `${key}=${String(value)}` });
  for (const expression of objectsAt(selector, 'matchExpressions')) {
    const key = textAt(expression, 'key');
    requirements.push({ key, text: expressionText(key, textAt(expression, 'operator'), listAt(expression, 'values')) });
  }
  if (requirements.length === 0) return '<none>';
  return requirements
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}

/** `a=b,c=d`, sorted by key; `<none>` when there are none. */
export function formatLabels(labels: JsonObject | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${String(value)}`).join(',');
}

function expressionText(key: string, operator: string, values: readonly unknown[]): string {
  const list = `(${values.map(String).sort().join(',')})`;
  switch (operator) {
    case 'In':
      return `${key} in ${list}`;
    case 'NotIn':
      return `${key} notin ${list}`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}
