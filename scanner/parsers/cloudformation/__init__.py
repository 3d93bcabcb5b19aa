"""CloudFormation and what is written in it or becomes it: SAM, output of the CDK, the Serverless Framework."""
