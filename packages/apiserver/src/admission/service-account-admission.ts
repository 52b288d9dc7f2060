/**
 * The service account of a pod (`plugin/pkg/admission/serviceaccount`): it must be there, lends its image pull secrets, and
 * unless account or pod say otherwise every container finds a token of its own in the usual place.
 */
import { randomInt } from 'node:crypto';
import { ensureObject, type JsonObject, listAt, objectAt, objectsAt, setDefault, textAt } from '@weir/kube';
import { forbidden } from '../errors/api-error.ts';
import { subjectOf } from '../rest/rest-context.ts';
import type { CreateAdmission } from './admission-request.ts';

const accountsResource = 'serviceaccounts';
const defaultAccount = 'default';
const tokenDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** An hour and a little more, as the reference asks for. */
const tokenSeconds = 3_607;
const fileMode = 0o644;
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** Sets it; changes the pod. Throws 403 for an account that is not there. */
export function admitServiceAccount(admission: CreateAdmission): void {
  const { object: pod, target, transaction } = admission;
  const spec = ensureObject(pod, 'spec');
  setDefault(spec, 'serviceAccountName', defaultAccount);
  const name = textAt(spec, 'serviceAccountName');
  spec['serviceAccount'] = name;
  const account = transaction.get({ resource: accountsResource, namespace: target.namespace, name });
  // The account `default` of a new namespace is about to be made: its tokens are waited for, the pod need not be.
  if (account === undefined && name !== defaultAccount) {
    throw forbidden(
      subjectOf(target, textAt(objectAt(pod, 'metadata'), 'name')),
      `error looking up service account ${target.namespace}/${name}: serviceaccount "${name}" not found`,
    );
  }
  const secrets = listAt(account?.json, 'imagePullSecrets');
  if (listAt(spec, 'imagePullSecrets').length === 0 && secrets.length > 0) spec['imagePullSecrets'] = [...secrets];
  const wanted = spec['automountServiceAccountToken'] ?? account?.json['automountServiceAccountToken'] ?? true;
  if (wanted === true) mountToken(spec);
}

function mountToken(spec: JsonObject): void {
  const present = objectsAt(spec, 'volumes').map((volume) => textAt(volume, 'name'));
  const name = present.find((each) => each.startsWith(volumePrefix)) ?? freeName(new Set(present));
  let isUsed = false;
  for (const container of [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')]) {
    const mounts = objectsAt(container, 'volumeMounts');
    if (mounts.some((mount) => textAt(mount, 'mountPath').replace(/\/+$/, '') === tokenDirectory)) continue;
    container['volumeMounts'] = [...mounts, { name, readOnly: true, mountPath: tokenDirectory }];
    isUsed = true;
  }
  if (isUsed && !present.includes(name)) spec['volumes'] = [...listAt(spec, 'volumes'), tokenVolume(name)];
}

function freeName(taken: ReadonlySet<string>): string {
  for (;;) {
    const suffix = Array.from({ length: 5 }, () => suffixLetters[randomInt(suffixLetters.length)]).join('');
    if (!taken.has(volumePrefix + suffix)) return volumePrefix + suffix;
  }
}

function tokenVolume(name: string): JsonObject {
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
  ];
  return { name, projected: { defaultMode: fileMode, sources } };
}
