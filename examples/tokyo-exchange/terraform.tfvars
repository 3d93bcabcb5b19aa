environment           = "production"
engine_nodes          = 3
ledger_instance_class = "db.r7g.2xlarge"
ledger_read_replicas  = 1
custodian_url         = "https://api.fireblocks.io/v1"
