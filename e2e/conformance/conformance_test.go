// Package conformance runs the official Gateway API conformance suite. It adds one thing to it: which tests count for
// which profile, since the suite's report names only those that fail.
package conformance

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

var membership = flag.String("membership-output", "", "file for the profiles that each test counts for, as JSON")

var profiles = []suite.ConformanceProfile{
	suite.GatewayHTTPConformanceProfile,
	suite.GatewayTLSConformanceProfile,
	suite.GatewayGRPCConformanceProfile,
	suite.GatewayTCPConformanceProfile,
	suite.GatewayUDPConformanceProfile,
	suite.MeshHTTPConformanceProfile,
	suite.MeshGRPCConformanceProfile,
}

func TestConformance(t *testing.T) {
	if *membership != "" {
		writeMembership(t, *membership)
	}
	conformance.RunConformance(t)
}

// writeMembership writes {test: {profile: "core" | "extended"}}; a test that counts for no profile has an empty object.
func writeMembership(t *testing.T, path string) {
	all := map[string]map[string]string{}
	for _, test := range tests.ConformanceTests {
		needs := sets.New(test.Features...)
		counts := map[string]string{}
		for _, profile := range profiles {
			if profile.CoreFeatures.IsSuperset(needs) {
				counts[string(profile.Name)] = "core"
			} else if union(profile).IsSuperset(needs) {
				counts[string(profile.Name)] = "extended"
			}
		}
		all[test.ShortName] = counts
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func union(profile suite.ConformanceProfile) sets.Set[features.FeatureName] {
	return profile.CoreFeatures.Union(profile.ExtendedFeatures)
}
