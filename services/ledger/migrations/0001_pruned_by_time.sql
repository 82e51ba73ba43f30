CREATE INDEX `forecasts_by_time` ON `forecasts` (`at_ms`);--> statement-breakpoint
CREATE INDEX `ticks_by_time` ON `ticks` (`at_ms`);