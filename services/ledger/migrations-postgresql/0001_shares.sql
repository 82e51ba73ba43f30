CREATE TABLE "shares" (
	"shard" text PRIMARY KEY NOT NULL,
	"round" bigint NOT NULL,
	"token" bigint NOT NULL,
	"claim_per_hour" double precision NOT NULL,
	"said" json NOT NULL,
	CONSTRAINT "shares_round_unique" UNIQUE("round")
);
