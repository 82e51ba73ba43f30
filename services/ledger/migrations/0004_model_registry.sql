CREATE TABLE `model_artifacts` (
	`service` text NOT NULL,
	`metric` text NOT NULL,
	`number` integer NOT NULL,
	`stands_at_ms` real NOT NULL,
	`format_version` integer NOT NULL,
	`sha256` text NOT NULL,
	`packed` blob NOT NULL,
	PRIMARY KEY(`service`, `metric`, `number`)
);
--> statement-breakpoint
CREATE TABLE `model_versions` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`service` text NOT NULL,
	`metric` text NOT NULL,
	`number` integer NOT NULL,
	`kind` text NOT NULL,
	`version` text NOT NULL,
	`status` text NOT NULL,
	`fitted_at_ms` real NOT NULL,
	`from_ms` real NOT NULL,
	`to_ms` real NOT NULL,
	`step_ms` real NOT NULL,
	`steps` integer NOT NULL,
	`config_hash` text NOT NULL,
	`config` text NOT NULL,
	`seed` integer NOT NULL,
	`quality` text NOT NULL,
	`contest` text NOT NULL,
	`parent` integer,
	`reason` text NOT NULL,
	`detail` text NOT NULL,
	`contest_from_ms` real,
	`promoted_at_ms` real,
	`promoted_by` text,
	`promoted_why` text,
	`retired_at_ms` real,
	`retired_by` text,
	`retired_why` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `model_versions_number` ON `model_versions` (`service`,`metric`,`number`);--> statement-breakpoint
CREATE INDEX `model_versions_by_status` ON `model_versions` (`status`);--> statement-breakpoint
INSERT INTO `model_versions` (`service`, `metric`, `number`, `kind`, `version`, `status`, `fitted_at_ms`, `from_ms`, `to_ms`, `step_ms`, `steps`, `config_hash`, `config`, `seed`, `quality`, `contest`, `parent`, `reason`, `detail`, `retired_at_ms`, `retired_by`, `retired_why`)
SELECT `service`, `metric`, `number`, `kind`, `version`, 'retired', `fitted_at_ms`, `from_ms`, `to_ms`, `step_ms`,
	CAST((`to_ms` - `from_ms`) / `step_ms` AS INTEGER), '', '{}', 0, `quality`, `contest`,
	CASE WHEN `number` > 1 THEN `number` - 1 END, CASE WHEN `number` > 1 THEN 'scheduled' ELSE 'first' END, '',
	`fitted_at_ms`, 'migration', 'its state was not kept by the version before'
FROM (
	SELECT `models`.`service` AS `service`, `models`.`fitted_at_ms` AS `fitted_at_ms`,
		`models`.`document` ->> '$.metric' AS `metric`, `models`.`document` ->> '$.kind' AS `kind`,
		`models`.`document` ->> '$.version' AS `version`, `models`.`document` ->> '$.fromMs' AS `from_ms`,
		`models`.`document` ->> '$.toMs' AS `to_ms`, `models`.`document` -> '$.quality' AS `quality`,
		`models`.`document` -> '$.contest' AS `contest`,
		row_number() OVER (PARTITION BY `models`.`service`, `models`.`document` ->> '$.metric' ORDER BY `models`.`seq`) AS `number`,
		coalesce((SELECT `f`.`document` ->> '$.stepMs' FROM `forecasts` AS `f` WHERE `f`.`service` = `models`.`service` LIMIT 1), 15000) AS `step_ms`
	FROM `models` ORDER BY `models`.`seq`
);
