/** Errors in whom a rule is about: selectors, blocks, entities, services and names. */
import { dnsSubdomainProblems, type FieldError, type LabelSelector, parseApiCidr, validateLabelSelector } from '@weir/kube';
import { type Cidr, cidrContainsCidr, parseAddress } from '@weir/net';
import { isCiliumEntity } from '../objects/cilium-entity.ts';
import { readCiliumLabelKey } from '../objects/cilium-label.ts';
import type { CiliumCidrRule, CiliumDomain, CiliumServiceReference } from '../objects/cilium-policy.ts';
import type { CiliumRule } from '../objects/cilium-rule.ts';
import { problem } from './field-problem.ts';

/** Errors in the peers of a rule; those of domain names are apart. */
export function validatePeers({ peers, path, prefix }: CiliumRule): FieldError[] {
  const at = (kind: string, i: number): string => `${path}.${prefix}${kind}[${i}]`;
  return [
    ...(peers.Endpoints ?? []).flatMap((selector, i) => validateSelector(selector, at('Endpoints', i))),
    ...(peers.Nodes ?? []).flatMap((selector, i) => validateSelector(selector, at('Nodes', i))),
    ...(peers.CIDR ?? []).flatMap((text, i) => validateCidr(text, at('CIDR', i))),
    ...(peers.CIDRSet ?? []).flatMap((rule, i) => validateCidrRule(rule, at('CIDRSet', i))),
    ...(peers.Entities ?? []).flatMap((name, i) =>
      isCiliumEntity(name) ? [] : [problem(at('Entities', i), `unsupported entity: ${name}`, name)],
    ),
    ...(peers.Services ?? []).flatMap((service, i) => validateService(service, at('Services', i))),
  ];
}

/** Errors in a selector; the source before a key is none of Kubernetes' business. */
export function validateSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector, path: string): FieldError[] {
  const withoutSource = (key: string): string => readCiliumLabelKey(key).key;
  return validateLabelSelector(
    {
      matchLabels: Object.fromEntries(Object.entries(matchLabels).map(([key, value]) => [withoutSource(key), value])),
      matchExpressions: matchExpressions.map((requirement) => ({ ...requirement, key: withoutSource(requirement.key) })),
    },
    path,
  );
}

/** A block, or a single address. */
function validateCidr(text: string, path: string): FieldError[] {
  if (text === '') return [problem(path, 'IP must be specified', text)];
  return parseApiCidr(text) === undefined && parseAddress(text) === undefined
    ? [problem(path, 'unable to parse CIDR: neither a block nor an address', text)]
    : [];
}

function validateCidrRule(rule: CiliumCidrRule, path: string): FieldError[] {
  const { cidr = '', cidrGroupRef = '', cidrGroupSelector, except = [] } = rule;
  const given = [cidr !== '', cidrGroupRef !== '', cidrGroupSelector !== undefined].filter(Boolean).length;
  if (given === 0) return [problem(path, 'one of cidr, cidrGroupRef, or cidrGroupSelector is required')];
  if (given > 1) return [problem(path, 'more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set')];
  if (cidrGroupSelector !== undefined) return validateSelector(cidrGroupSelector, `${path}.cidrGroupSelector`);
  const exceptions = except.flatMap((text, i) =>
    parseApiCidr(text) === undefined ? [problem(`${path}.except[${i}]`, 'no block of addresses', text)] : [],
  );
  if (cidrGroupRef !== '' || exceptions.length > 0) return exceptions;
  const block = parseApiCidr(cidr);
  if (block === undefined) return [problem(`${path}.cidr`, 'unable to parse CIDRRule', cidr)];
  return except.flatMap((text, i) => validateException({ cidr, block, text }, `${path}.except[${i}]`));
}

function validateException({ cidr, block, text }: { cidr: string; block: Cidr; text: string }, path: string): FieldError[] {
  const exception = parseApiCidr(text);
  return exception === undefined || cidrContainsCidr(block, exception)
    ? []
    : [problem(path, `allow CIDR prefix ${cidr} does not contain exclude CIDR prefix ${text}`, text)];
}

function validateService({ k8sService, k8sServiceSelector }: CiliumServiceReference, path: string): FieldError[] {
  if (k8sServiceSelector !== undefined) {
    const { selector } = k8sServiceSelector;
    const field = `${path}.k8sServiceSelector.selector`;
    return selector === undefined ? [{ reason: 'FieldValueRequired', field, message: '' }] : validateSelector(selector, field);
  }
  const field = `${path}.k8sService.serviceName`;
  const { serviceName = '' } = k8sService ?? {};
  if (serviceName === '') return [{ reason: 'FieldValueRequired', field, message: '' }];
  return dnsSubdomainProblems(serviceName).map((message) => problem(field, message, serviceName));
}

const nameCharacters = /^[-a-zA-Z0-9_.]+$/;
const patternCharacters = /^[-a-zA-Z0-9_.*]+$/;

/** Errors in names and patterns of the domain name system. */
export function validateDomains(domains: readonly CiliumDomain[], path: string): FieldError[] {
  return domains.flatMap(({ matchName = '', matchPattern = '' }, i) => {
    const at = `${path}[${i}]`;
    if (matchName === '' && matchPattern === '') return [problem(at, 'one of MatchName or MatchPattern is required')];
    if (matchName !== '' && matchPattern !== '') return [problem(at, 'only one of MatchName or MatchPattern is allowed')];
    if (matchName !== '' && !nameCharacters.test(matchName)) {
      const words = `Invalid characters in MatchName: "${matchName}". Only 0-9, a-z, A-Z and . and - characters are allowed`;
      return [problem(`${at}.matchName`, words, matchName)];
    }
    if (matchPattern !== '' && !patternCharacters.test(matchPattern)) {
      const words = `Invalid characters in MatchPattern: "${matchPattern}". Only 0-9, a-z, A-Z and ., - and * characters are allowed`;
      return [problem(`${at}.matchPattern`, words, matchPattern)];
    }
    return (matchName + matchPattern).length > 255 ? [problem(at, 'must be at most 255 characters')] : [];
  });
}
