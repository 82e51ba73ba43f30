CREATE TABLE `checkpoints` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`at_ms` real NOT NULL
);
--> statement-breakpoint
CREATE TABLE `decisions` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`tick` integer NOT NULL,
	`at_ms` real NOT NULL,
	`service` text NOT NULL,
	`mode` text NOT NULL,
	`policy` text NOT NULL,
	`from_replicas` integer NOT NULL,
	`to_replicas` integer NOT NULL,
	`reactive_need` integer NOT NULL,
	`wanted` integer NOT NULL,
	`cost_per_hour` real NOT NULL,
	`shadow_price` real NOT NULL,
	`expected_loss` real NOT NULL,
	`bound_by` text NOT NULL,
	`reason` text NOT NULL,
	`rationale` text NOT NULL,
	`settlement` text NOT NULL,
	`settled_at_ms` real,
	`detail` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `decisions_id_unique` ON `decisions` (`id`);--> statement-breakpoint
CREATE INDEX `decisions_by_tick` ON `decisions` (`tick`);--> statement-breakpoint
CREATE INDEX `decisions_by_service` ON `decisions` (`service`,`seq`);--> statement-breakpoint
CREATE INDEX `decisions_by_settlement` ON `decisions` (`settlement`);--> statement-breakpoint
CREATE TABLE `forecasts` (
	`service` text NOT NULL,
	`metric` text NOT NULL,
	`at_ms` real NOT NULL,
	`document` text NOT NULL,
	PRIMARY KEY(`service`, `metric`, `at_ms`)
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `models` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`service` text NOT NULL,
	`fitted_at_ms` real NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `models_by_service` ON `models` (`service`,`seq`);--> statement-breakpoint
CREATE TABLE `outcomes` (
	`tick` integer NOT NULL,
	`service` text NOT NULL,
	`at_ms` real NOT NULL,
	`load_rps` real,
	`violation_ratio` real,
	`replica_hours` real NOT NULL,
	`cost` real NOT NULL,
	PRIMARY KEY(`service`, `tick`)
);
--> statement-breakpoint
CREATE INDEX `outcomes_by_time` ON `outcomes` (`at_ms`);--> statement-breakpoint
CREATE TABLE `settings` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`changed_at_ms` real NOT NULL,
	`actor` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `settings_by_key` ON `settings` (`key`,`seq`);--> statement-breakpoint
CREATE TABLE `ticks` (
	`tick` integer PRIMARY KEY NOT NULL,
	`at_ms` real NOT NULL,
	`epoch` text NOT NULL,
	`cost_budget_per_hour` real NOT NULL,
	`spend_per_hour` real NOT NULL,
	`shadow_price` real NOT NULL,
	`feasible` integer NOT NULL,
	`bound_by` text NOT NULL,
	`config_hash` text NOT NULL,
	`duration_ms` real NOT NULL,
	`inputs` blob NOT NULL,
	`outputs_hash` text NOT NULL
);
