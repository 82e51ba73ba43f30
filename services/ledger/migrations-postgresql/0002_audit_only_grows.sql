-- beside the triggers: what the ledger's own role never needs
REVOKE UPDATE, DELETE, TRUNCATE ON "audit" FROM CURRENT_USER;
