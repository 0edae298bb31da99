// SPDX-License-Identifier: Apache-2.0
// The two parts of a cluster that its vendor brings, on the libraries that such vendors use: what enforces
// NetworkPolicies, and what makes volumes (folders, of the kind whose owner the kubelet sets as a pod asks).
package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisioner = "obsctl.invalid/folder"

func client() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func networkPoliciesCommand() *cobra.Command {
	run := func(command *cobra.Command, arguments []string) error {
		client, err := client()
		if err != nil {
			return err
		}
		factory := informers.NewSharedInformerFactory(client, 0)
		enforcer, err := networkpolicy.NewController(client, factory.Networking().V1().NetworkPolicies(),
			factory.Core().V1().Namespaces(), factory.Core().V1().Pods(), nil, nil, nil, nil,
			networkpolicy.Config{NodeName: arguments[0]})
		if err != nil {
			return err
		}
		factory.Start(command.Context().Done())
		return enforcer.Run(command.Context())
	}
	return &cobra.Command{Use: "network-policies NODE", Args: cobra.ExactArgs(1), RunE: run}
}

func volumesCommand() *cobra.Command {
	run := func(command *cobra.Command, arguments []string) error {
		client, err := client()
		if err != nil {
			return err
		}
		controller.NewProvisionController(command.Context(), client, provisioner, folders{arguments[0]},
			controller.LeaderElection(false)).Run(command.Context())
		return nil
	}
	return &cobra.Command{Use: "volumes FOLDER", Args: cobra.ExactArgs(1), RunE: run}
}

// folders makes each volume a folder in one.
type folders struct{ parent string }

func (all folders) Provision(_ context.Context, options controller.ProvisionOptions) (
	*core.PersistentVolume, controller.ProvisioningState, error) {
	path := filepath.Join(all.parent, options.PVName)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	node := core.NodeSelectorRequirement{
		Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{options.SelectedNodeName}}
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      core.ResourceList(options.PVC.Spec.Resources.Requests),
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: path}},
			NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{
				{MatchExpressions: []core.NodeSelectorRequirement{node}}}}},
		},
	}, controller.ProvisioningFinished, nil
}

func (all folders) Delete(_ context.Context, volume *core.PersistentVolume) error {
	return os.RemoveAll(volume.Spec.Local.Path)
}
