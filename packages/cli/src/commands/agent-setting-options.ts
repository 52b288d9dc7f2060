/** The agent's settings as options of commands: made from the agent's table, read back into its resolver. */
import {
  type AnySetting,
  agentSettings,
  defaultText,
  environmentName,
  flagName,
  type SettingKey,
  type SettingSources,
  settingRows,
} from '@weir/agent';
import type { OptionDefinition, OptionValues } from '../command.ts';

/** Options for these settings; by default for all. */
export function settingOptions(keys?: readonly SettingKey[]): Readonly<Record<string, OptionDefinition>> {
  const rows = settingRows().filter(([key]) => keys === undefined || keys.includes(key));
  return Object.fromEntries(rows.map(([key, setting]) => [flagName(key), optionOf(setting)]));
}

/** What was given on the command line and in the environment of this process. */
export function settingSources(options: OptionValues): SettingSources {
  const given = settingRows().map(([key]) => [key, options.text(flagName(key))] as const);
  return { flags: Object.fromEntries(given.filter(([, text]) => text !== undefined)), environment: process.env };
}

/** Defaults are left to the resolver: it has to know what was given. */
function optionOf(setting: AnySetting): OptionDefinition {
  const { kind, summary } = setting;
  const text = defaultText(setting);
  return {
    type: 'string',
    placeholder: kind.placeholder,
    ...(kind.choices === undefined ? {} : { values: kind.choices, valuesAreChecked: false }),
    summary: text === undefined ? summary : `${summary}; default ${text}`,
  };
}

/** The socket of the running agent: as given, from the environment, or where it usually is. */
export function gateSocketOf(options: OptionValues): string {
  const given = options.text(flagName('gateSocket')) ?? process.env[environmentName('gateSocket')];
  return given ?? defaultText(agentSettings.gateSocket) ?? '';
}
