# The state lives in an account of its own, in two regions. Made by hand before the first apply.

locals {
  state_buckets = {
    primary = { region = local.aws_regions.singapore, name = "two-cloud-exchange-state" }
    copy    = { region = local.aws_regions.tokyo, name = "two-cloud-exchange-state-copy" }
  }
}

resource "aws_s3_bucket" "state" {
  provider = aws.state
  for_each = local.state_buckets

  region = each.value.region
  bucket = each.value.name

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  provider = aws.state
  for_each = aws_s3_bucket.state

  region = each.value.region
  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_iam_role" "state_replication" {
  provider = aws.state

  name = "state-replication"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "state_replication" {
  provider = aws.state

  name = "replicate"
  role = aws_iam_role.state_replication.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = [aws_s3_bucket.state["primary"].arn]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
        Resource = ["${aws_s3_bucket.state["primary"].arn}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
        Resource = ["${aws_s3_bucket.state["copy"].arn}/*"]
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "state" {
  provider = aws.state

  bucket = aws_s3_bucket.state["primary"].id
  role   = aws_iam_role.state_replication.arn

  rule {
    id     = "all"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    destination {
      bucket = aws_s3_bucket.state["copy"].arn
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}
