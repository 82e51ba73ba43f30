CREATE TABLE `policies` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`version` text NOT NULL,
	`name` text NOT NULL,
	`learner` text NOT NULL,
	`source` text NOT NULL,
	`added_at_ms` real NOT NULL,
	`added_by` text NOT NULL,
	`why` text NOT NULL,
	`provenance` text NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `policies_version_unique` ON `policies` (`version`);--> statement-breakpoint
CREATE INDEX `policies_by_name` ON `policies` (`name`);--> statement-breakpoint
CREATE TABLE `rollout_units` (
	`rollout` integer NOT NULL,
	`stage` text NOT NULL,
	`service` text NOT NULL,
	`block` integer NOT NULL,
	`unit` text NOT NULL,
	PRIMARY KEY(`rollout`, `stage`, `service`, `block`)
);
--> statement-breakpoint
CREATE TABLE `rollouts` (
	`number` integer PRIMARY KEY NOT NULL,
	`stage` text NOT NULL,
	`started_at_ms` real NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `rollouts_by_stage` ON `rollouts` (`stage`);