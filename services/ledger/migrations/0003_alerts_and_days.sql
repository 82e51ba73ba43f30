CREATE TABLE `alerts` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`key` text NOT NULL,
	`kind` text NOT NULL,
	`severity` text NOT NULL,
	`service` text,
	`summary` text NOT NULL,
	`figures` text NOT NULL,
	`since_ms` real NOT NULL,
	`opened_at_ms` real NOT NULL,
	`updated_at_ms` real NOT NULL,
	`closed_at_ms` real,
	`acknowledged_at_ms` real,
	`acknowledged_by` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `alerts_id_unique` ON `alerts` (`id`);--> statement-breakpoint
CREATE INDEX `alerts_by_service` ON `alerts` (`service`,`seq`);--> statement-breakpoint
CREATE INDEX `alerts_by_closing` ON `alerts` (`closed_at_ms`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`alert_id` text NOT NULL,
	`url` text NOT NULL,
	`body` text NOT NULL,
	`created_at_ms` real NOT NULL,
	`attempts` integer NOT NULL,
	`next_at_ms` real,
	`delivered_at_ms` real,
	`error` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `deliveries_id_unique` ON `deliveries` (`id`);--> statement-breakpoint
CREATE INDEX `deliveries_by_next` ON `deliveries` (`next_at_ms`);--> statement-breakpoint
CREATE TABLE `demand_days` (
	`service` text NOT NULL,
	`day_ms` real NOT NULL,
	`start_ms` real NOT NULL,
	`parts` blob NOT NULL,
	PRIMARY KEY(`service`, `day_ms`, `start_ms`)
);
