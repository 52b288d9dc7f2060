/** The schedules of CronJobs. */
export * from './cron-schedule.ts';
