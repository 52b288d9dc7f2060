/**
 * Makes one complete, checked set of settings of flags, environment, file and defaults, in this order
 * of precedence, and remembers where each value came from. Everything that is wrong is told at once.
 */
import { type AgentSettings, agentSettings, type SettingKey, settingRows } from './agent-settings.ts';
import { type AnySetting, environmentName, environmentPrefix, flagName } from './setting.ts';
import { settingChecks } from './setting-checks.ts';
import { readSettingsFile, type SettingsFile } from './settings-file.ts';

/** What was given to a process. */
export interface SettingSources {
  /** Texts of flags by the key of their setting. */
  readonly flags?: Readonly<Partial<Record<SettingKey, string>>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Where a value came from. */
export interface SettingOrigin {
  readonly from: 'flag' | 'environment' | 'file' | 'default';
  /** `--node`, `WEIR_AGENT_NODE`, `/etc/weir/agent.yaml:3`; absent for defaults. */
  readonly place?: string;
}

/** The settings and where each came from. */
export interface ResolvedSettings {
  readonly settings: AgentSettings;
  readonly origins: Readonly<Record<SettingKey, SettingOrigin>>;
}

/** What is wrong with the settings, one sentence each, each with its place. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

interface Given {
  readonly text: string;
  readonly isList: boolean;
  readonly origin: SettingOrigin;
}

/** Resolves all settings; throws a {@link SettingsError}. */
export async function resolveSettings(sources: SettingSources): Promise<ResolvedSettings> {
  const file = await fileOf(sources);
  const problems = [...unknownNames(sources, file), ...file.problems];
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, SettingOrigin>> = {};
  for (const [key, setting] of settingRows()) {
    const given = givenOf(key, sources, file);
    origins[key] = given?.origin ?? { from: 'default' };
    const reading = given === undefined ? absent(key, setting) : readGiven(key, setting, given);
    if ('problem' in reading) problems.push(reading.problem);
    else values[key] = reading.value;
  }
  const settings = Object.freeze(values) as AgentSettings;
  for (const check of settingChecks) {
    const found = check.of.every((key) => Object.hasOwn(values, key)) ? check.problem(settings) : undefined;
    if (found !== undefined) problems.push(`${placeOf(found.key, origins[found.key])}: ${found.text}`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return { settings, origins: origins as Record<SettingKey, SettingOrigin> };
}

async function fileOf(sources: SettingSources): Promise<SettingsFile> {
  const path = givenOf('config', sources, undefined)?.text ?? '';
  return path === '' ? { values: new Map(), problems: [] } : readSettingsFile(path);
}

function givenOf(key: SettingKey, { flags = {}, environment = {} }: SettingSources, file: SettingsFile | undefined): Given | undefined {
  const flag = flags[key];
  if (flag !== undefined) return { text: flag, isList: false, origin: { from: 'flag', place: `--${flagName(key)}` } };
  const name = environmentName(key);
  const variable = environment[name];
  if (variable !== undefined) return { text: variable, isList: false, origin: { from: 'environment', place: name } };
  const value = file?.values.get(key);
  return value === undefined ? undefined : { ...value, origin: { from: 'file', place: value.place } };
}

function absent(key: SettingKey, setting: AnySetting): { readonly value: unknown } | { readonly problem: string } {
  if (setting.isRequired !== true) return { value: setting.default };
  const ways = `give --${flagName(key)} ${setting.kind.placeholder}, ${environmentName(key)}, or ${key} in the file of --config`;
  return { problem: `--${flagName(key)}: it is needed (${setting.summary}): ${ways}` };
}

function readGiven(
  key: SettingKey,
  { kind }: AnySetting,
  { text, isList, origin }: Given,
): { readonly value: unknown } | { readonly problem: string } {
  const place = placeOf(key, origin);
  if (isList && kind.isList !== true) return { problem: `${place}: it takes one value, not a list` };
  const reading = kind.read(text);
  return 'problem' in reading ? { problem: `${place}: ${reading.problem}` } : reading;
}

/** How messages name a setting: by where it was given. */
function placeOf(key: SettingKey, { from, place = `--${flagName(key)}` }: SettingOrigin = { from: 'default' }): string {
  return from === 'file' ? `${place}: ${key}` : place;
}

/**
 * Kubernetes puts such variables into containers for a Service `weir-agent` of their namespace; they
 * are nobody's mistake.
 */
const serviceVariable = /^WEIR_AGENT_(SERVICE_.*|PORT(_\d+_.*)?)$/;

function unknownNames({ environment = {} }: SettingSources, file: SettingsFile): string[] {
  const known = new Set(settingRows().map(([key]) => environmentName(key)));
  const variables = Object.keys(environment).filter(
    (name) => name.startsWith(environmentPrefix) && !known.has(name) && !serviceVariable.test(name),
  );
  const keys = [...file.values].filter(([key]) => key === 'config' || !Object.hasOwn(agentSettings, key));
  return [
    ...variables.map((name) => `${name}: there is no such setting; 'weir agent config --help' lists them`),
    ...keys.map(([key, { place }]) =>
      key === 'config'
        ? `${place}: config: a file of settings cannot name another one`
        : `${place}: ${key}: there is no such setting; ${nearest(key)}`,
    ),
  ];
}

/** What was probably meant: names that differ in case and dashes only. */
function nearest(key: string): string {
  const bare = (text: string): string => text.replace(/[-_]/g, '').toLowerCase();
  const near = settingRows().find(([name]) => bare(name) === bare(key));
  return near === undefined ? "'weir agent config --help' lists them" : `it is called ${near[0]}`;
}
