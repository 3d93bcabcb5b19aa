provider "aws" {
  alias               = "tokyo"
  region              = local.aws_regions.tokyo
  allowed_account_ids = [var.aws_accounts.workload]

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias               = "singapore"
  region              = local.aws_regions.singapore
  allowed_account_ids = [var.aws_accounts.workload]

  default_tags {
    tags = local.tags
  }
}

# Names, certificates of the edge and the CDN.
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

provider "aws" {
  alias  = "custody"
  region = local.aws_regions.tokyo

  assume_role {
    role_arn = "arn:aws:iam::${var.aws_accounts.custody}:role/terraform"
  }

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "backup"
  region = local.aws_regions.singapore

  assume_role {
    role_arn = "arn:aws:iam::${var.aws_accounts.backup}:role/terraform"
  }

  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "state"
  region = local.aws_regions.singapore

  assume_role {
    role_arn = "arn:aws:iam::${var.aws_accounts.state}:role/terraform"
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
  alias          = "custody"
  project        = var.google_projects.custody
  region         = local.google_region
  default_labels = local.tags
}

provider "google" {
  alias          = "backup"
  project        = var.google_projects.backup
  region         = "asia-northeast2"
  default_labels = local.tags
}

provider "azurerm" {
  subscription_id = var.azure_subscription

  features {}
}

# Reads CLOUDFLARE_API_TOKEN.
provider "cloudflare" {}
