# The Frankfurt cluster. Its validators run on nodes of their own, close to each other in zone a.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["111122223333"]
}

resource "aws_vpc" "fleet" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_subnet" "nodes" {
  for_each = { a = 0, b = 1, c = 2 }

  vpc_id            = aws_vpc.fleet.id
  availability_zone = "eu-central-1${each.key}"
  cidr_block        = cidrsubnet(aws_vpc.fleet.cidr_block, 4, each.value)
}

resource "aws_iam_role" "cluster" {
  name = "frankfurt-cluster"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "eks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role" "nodes" {
  name = "frankfurt-nodes"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_eks_cluster" "frankfurt" {
  name     = "frankfurt"
  role_arn = aws_iam_role.cluster.arn

  vpc_config {
    subnet_ids              = [for subnet in aws_subnet.nodes : subnet.id]
    endpoint_private_access = true
  }
}

resource "aws_eks_node_group" "validators" {
  cluster_name    = aws_eks_cluster.frankfurt.name
  node_group_name = "validators"
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = [aws_subnet.nodes["a"].id]
  instance_types  = ["m7i.xlarge"]
  labels          = { role = "validator" }

  taint {
    key    = "role"
    value  = "validator"
    effect = "NO_SCHEDULE"
  }

  scaling_config {
    min_size     = 2
    max_size     = 4
    desired_size = 2
  }
}

resource "aws_eks_node_group" "general" {
  cluster_name    = aws_eks_cluster.frankfurt.name
  node_group_name = "general"
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = [for subnet in aws_subnet.nodes : subnet.id]
  instance_types  = ["m7i.2xlarge"]

  scaling_config {
    min_size     = 3
    max_size     = 9
    desired_size = 3
  }
}
