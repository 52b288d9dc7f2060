/**
 * What az keeps between two commands, in az's own files and forms, so that az and this can share a directory:
 * `config`, `clouds.config`, `azureProfile.json`, `service_principal_entries.json`. Own to Weir: `weir-extensions.json`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '@weir/client';
import { refused } from '../az-error.ts';
import { type IniDocument, parseIni, renderIni } from './ini-document.ts';

/** A subscription as `az account show` prints it. */
export interface ProfileSubscription {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly user: { readonly name: string; readonly type: string };
  readonly isDefault: boolean;
  readonly tenantId: string;
  readonly environmentName: string;
  readonly homeTenantId: string;
  readonly managedByTenants: readonly unknown[];
}

/** An extension that was asked for. */
export interface NotedExtension {
  readonly name: string;
  readonly version: string;
  readonly isPreview: boolean;
}

interface PrincipalEntry {
  readonly tenant: string;
  readonly client_id: string;
  readonly client_secret?: string;
}

/** Where a directory is. */
export interface AzDirectoryPlace {
  readonly path: string;
  /** Weir's own: who has never signed in there is signed in without asking. */
  readonly isOwn: boolean;
  /** The file with the certificates that are trusted; undefined: those that Node trusts. */
  readonly authorityFile: string | undefined;
}

/** One configuration directory. */
export class AzDirectory {
  readonly path: string;
  readonly isOwn: boolean;
  readonly #authorityFile: string | undefined;

  constructor({ path, isOwn, authorityFile }: AzDirectoryPlace) {
    this.path = path;
    this.isOwn = isOwn;
    this.#authorityFile = authorityFile;
  }

  /** Certificates that are trusted, as PEM. */
  get authority(): string | undefined {
    return this.#authorityFile === undefined ? undefined : readFileSync(this.#authorityFile, 'utf8');
  }

  /** The name of the cloud that commands go to. */
  get cloud(): string {
    return parseIni(this.#read('config') ?? '')['cloud']?.['name'] ?? 'AzureCloud';
  }

  /** Where clouds are, by name. */
  get clouds(): IniDocument {
    return parseIni(this.#read('clouds.config') ?? '');
  }

  /** Undefined: nobody has ever signed in here. */
  get subscriptions(): readonly ProfileSubscription[] | undefined {
    const text = this.#read('azureProfile.json');
    if (text === undefined) return undefined;
    // az writes a byte order mark.
    const profile = this.#parse(text.replace(/^\uFEFF/, ''), 'azureProfile.json') as { subscriptions?: ProfileSubscription[] };
    return profile.subscriptions ?? [];
  }

  /** The secret of an application that has signed in here. */
  secretOf(application: string): string | undefined {
    return this.#principals().find(({ client_id: id }) => id === application)?.client_secret;
  }

  get extensions(): readonly NotedExtension[] {
    const text = this.#read('weir-extensions.json');
    return text === undefined ? [] : (this.#parse(text, 'weir-extensions.json') as NotedExtension[]);
  }

  useCloud(name: string): void {
    this.#write('config', renderIni({ ...parseIni(this.#read('config') ?? ''), cloud: { name } }));
  }

  keepCloud(name: string, values: Readonly<Record<string, string>>): void {
    this.#write('clouds.config', renderIni({ ...this.clouds, [name]: values }));
  }

  keepSubscriptions(subscriptions: readonly ProfileSubscription[]): void {
    this.#write('azureProfile.json', JSON.stringify({ subscriptions }));
  }

  keepSecret(tenant: string, application: string, secret: string): void {
    const others = this.#principals().filter(({ client_id: id }) => id !== application);
    const entries = [...others, { tenant, client_id: application, client_secret: secret }];
    this.#write('service_principal_entries.json', JSON.stringify(entries, null, 4));
  }

  forgetSecrets(): void {
    this.#write('service_principal_entries.json', '[]');
  }

  keepExtensions(extensions: readonly NotedExtension[]): void {
    this.#write('weir-extensions.json', `${JSON.stringify(extensions, null, 2)}\n`);
  }

  #principals(): readonly PrincipalEntry[] {
    const text = this.#read('service_principal_entries.json');
    return text === undefined ? [] : (this.#parse(text, 'service_principal_entries.json') as PrincipalEntry[]);
  }

  #parse(text: string, file: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw refused(`${join(this.path, file)} holds no JSON: sign in again after 'az logout'`);
    }
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(join(this.path, file), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** For its owner only: there is a secret among the files. */
  #write(file: string, text: string): void {
    makeDirectory(this.path, 0o700);
    writeFileSync(join(this.path, file), text, { mode: 0o600 });
  }
}
