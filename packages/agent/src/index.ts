/**
 * One process per node: sources, engine, data plane, start gate.
 *
 * The only public door of the package. What runs an agent is loaded when one is run: the command line
 * reads the table of settings for its help.
 */
export { cleanupAgent, cleanupAzureNpm, confineAgent, runAgent } from './agent.ts';
export type { AgentHealth } from './agent-health.ts';
export type { DirectionExplanation, FlowExplanation, HostExplanation } from './explain-flow.ts';
export { MemoryLimitError } from './memory/memory-limit-error.ts';
export type { Agent } from './node-agent.ts';
export { type AgentSettings, agentSettings, type LogLevel, type SettingKey, settingRows } from './settings/agent-settings.ts';
export {
  type ResolvedSettings,
  resolveSettings,
  type SettingOrigin,
  type SettingSources,
  SettingsError,
} from './settings/resolve-settings.ts';
export { type AnySetting, environmentName, flagName } from './settings/setting.ts';
export { defaultText, type ShownSetting, shownSettings } from './settings/show-settings.ts';
