-- INSERT OR REPLACE drops a row without the triggers of a DELETE: a number that is taken stays taken, as ON CONFLICT DO NOTHING has it
CREATE TRIGGER `audit_never_replaces` BEFORE INSERT ON `audit` WHEN EXISTS (SELECT 1 FROM `audit` WHERE `seq` = NEW.`seq`) BEGIN SELECT RAISE(IGNORE); END;
