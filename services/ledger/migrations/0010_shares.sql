CREATE TABLE `shares` (
	`shard` text PRIMARY KEY NOT NULL,
	`round` integer NOT NULL,
	`token` integer NOT NULL,
	`claim_per_hour` real NOT NULL,
	`said` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `shares_round_unique` ON `shares` (`round`);