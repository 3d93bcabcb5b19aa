provider "aws" {
  region              = local.aws_region
  allowed_account_ids = [var.aws_accounts.workload]

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "keys"
  region = local.aws_region

  assume_role {
    role_arn = "arn:aws:iam::${var.aws_accounts.keys}:role/terraform"
  }

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "backup"
  region = "eu-west-1"

  assume_role {
    role_arn = "arn:aws:iam::${var.aws_accounts.backup}:role/terraform"
  }

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "edge"
  region = "us-east-1"

  assume_role {
    role_arn = "arn:aws:iam::${var.aws_accounts.edge}:role/terraform"
  }

  default_tags {
    tags = local.tags
  }
}

provider "google" {
  project        = var.google_projects.workload
  region         = local.google_region
  default_labels = local.tags
}

provider "google" {
  alias          = "keys"
  project        = var.google_projects.keys
  region         = local.google_region
  default_labels = local.tags
}

provider "google" {
  alias          = "backup"
  project        = var.google_projects.backup
  region         = "europe-west9"
  default_labels = local.tags
}

provider "azurerm" {
  subscription_id = var.azure_subscription

  features {}
}

# Reads CLOUDFLARE_API_TOKEN.
provider "cloudflare" {}

# Reads OVH_CLIENT_ID and OVH_CLIENT_SECRET.
provider "ovh" {
  endpoint = "ovh-eu"
}
