/**
 * The scalars that kubectl reads differently from YAML 1.2.
 *
 * kubectl's YAML reader follows YAML 1.1 for booleans (`yes`, `on`, …) and for integers with a
 * leading zero (octal). A manifest must mean here what it means there: a label `app: on` is a
 * boolean and refused, not quietly the text `on`.
 */
import type { ScalarTag } from 'yaml';

const words = ['y', 'yes', 'on', 'n', 'no', 'off'];
const spellings = words.flatMap((word) => [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)]);

/** Tags that go before those of the YAML 1.2 core schema. */
export const kubectlScalarTags: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    identify: () => false,
    test: new RegExp(`^(?:${[...new Set(spellings)].join('|')})$`),
    resolve: (text) => /^[yY]/.test(text) || /^on$/i.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    identify: () => false,
    test: /^[-+]?0[0-7]+$/,
    resolve: (text) => Number.parseInt(text, 8),
  },
];
