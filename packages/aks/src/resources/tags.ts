/** Tags of resources: up to 50 pairs of texts. */
import { isJsonObject, type JsonObject } from '@weir/kube';
import { gatewayError } from '../arm/arm-error.ts';

const most = 50;

/** The tags of a body; undefined when it has none. Throws 400. */
export function tagsOf(body: JsonObject): Readonly<Record<string, string>> | undefined {
  const { tags } = body as { readonly tags?: unknown };
  if (tags === undefined || tags === null) return undefined;
  if (!isJsonObject(tags)) throw gatewayError(400, 'InvalidTags', 'Tags are an object of names and values.');
  const pairs = Object.entries(tags);
  if (pairs.length > most) {
    throw gatewayError(400, 'InvalidTagsCount', `The number of tags '${pairs.length}' is more than the maximum of '${most}'.`);
  }
  for (const [name, value] of pairs) checkTag(name, value);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function checkTag(name: string, value: unknown): void {
  if (name === '' || name.length > 512 || /[<>*%&:\\?/+]/.test(name)) {
    throw gatewayError(
      400,
      'InvalidTagNameCharacters',
      `The tag name '${name.slice(0, 100)}' has reserved characters '<,>,*,%,&,:,\\,?,/,+' or control characters, or is too long.`,
    );
  }
  if (typeof value !== 'string' || value.length > 256) {
    throw gatewayError(400, 'InvalidTagValueLength', `The value of tag '${name.slice(0, 100)}' is no text of at most 256 characters.`);
  }
}
