# packer init . && packer build -var source_ami=ami-… -var pullpass=FILE -var sha256=… .
#
# Bakes pullpass into a node image. The part for every builder is the provisioners; the source is an
# example, of an AMI for EKS or kubeadm nodes. The binary comes from this machine, as it was built or
# downloaded and checked, so that nodes download nothing.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.0"
    }
  }
}

variable "source_ami" {
  type        = string
  description = "The image to start from."
}

variable "pullpass" {
  type        = string
  description = "The path of the binary for the image's architecture, as it is in a release's archive."
}

variable "sha256" {
  type        = string
  description = "The SHA-256 of that file: sha256sum pullpass, of a release whose archive was verified."
}

source "amazon-ebs" "node" {
  ami_name      = "node-pullpass-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  ssh_username  = "ec2-user"
}

build {
  sources = ["source.amazon-ebs.node"]

  provisioner "file" {
    source      = var.pullpass
    destination = "/tmp/pullpass"
  }

  # The platform is found by what is in the image. On EKS and other platforms that write the kubelet's
  # configuration at boot, the unit is what counts; on the others it finds nothing to do.
  provisioner "shell" {
    environment_vars = ["SHA256=${var.sha256}"]
    execute_command  = "sudo env {{ .Vars }} sh -eu {{ .Path }}"
    inline = [
      "echo \"$SHA256  /tmp/pullpass\" | sha256sum --check --quiet",
      "install -m 0755 /tmp/pullpass /usr/local/bin/pullpass && rm /tmp/pullpass",
      "/usr/local/bin/pullpass install",
      "/usr/local/bin/pullpass config show pullpass-install.service > /etc/systemd/system/pullpass-install.service",
      "systemctl enable pullpass-install.service",
    ]
  }
}
