/** The settings for people and programs: each with its value and where it came from; and the reference of all. */
import { type AgentSettings, type SettingKey, settingRows } from './agent-settings.ts';
import type { ResolvedSettings, SettingOrigin } from './resolve-settings.ts';
import { type AnySetting, environmentName, flagName } from './setting.ts';

/** One setting as it is in force. */
export interface ShownSetting extends SettingOrigin {
  readonly key: SettingKey;
  /** As it would be written in a flag; empty when there is none. */
  readonly text: string;
  readonly value: AgentSettings[SettingKey];
}

/** All settings in the order of the table. */
export function shownSettings({ settings, origins }: ResolvedSettings): readonly ShownSetting[] {
  return settingRows().map(([key, { kind }]) => {
    const value = settings[key];
    return { key, text: value === undefined ? '' : kind.write(value), value, ...origins[key] };
  });
}

/** The default as text; undefined when there is none. */
export function defaultText({ kind, default: value }: AnySetting): string | undefined {
  return value === undefined ? undefined : kind.write(value);
}

/** The reference page of all settings, in Markdown. */
export function settingsReference(): string {
  const rows = settingRows().map(([key, setting]) => {
    const fallback = setting.isRequired === true ? 'required' : code(defaultText(setting) ?? '');
    const cells = [
      code(key),
      code(`--${flagName(key)} ${setting.kind.placeholder}`),
      code(environmentName(key)),
      fallback,
      setting.summary,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '# Settings of the agent',
    '',
    'Made from the table in `packages/agent/src/settings/agent-settings.ts` by its tests (`npx vitest run -u --project unit packages/agent/test/settings`).',
    'A flag goes before the environment, the environment before the file of `--config`, the file before the default.',
    '`weir agent config` prints what is in force and where it came from.',
    '',
    '| in the file | flag | environment | default | what it is |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
