CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`token` integer NOT NULL,
	`holder` text,
	`url` text NOT NULL,
	`renewals` integer NOT NULL
);
