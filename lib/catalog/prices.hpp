// SPDX-License-Identifier: Apache-2.0
// Host and storage prices and the instance types of the tiers, from prices.yaml and instances.yaml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.hpp"
#include "lib/base/units.hpp"
#include "lib/model/spec.hpp"

namespace obsctl::catalog {

// USD per month, from a lower to an upper bound.
struct Money {
  double low = 0;
  double high = 0;
};

// A priced set of hosts that the reference documents propose for a tier.
struct HostSet {
  std::string tier;
  Vendor provider = Vendor::all;
  std::string title;  // "m6i.2xlarge"
  int count = 0;      // 0: the price is for the tier as a whole
  double cpus = 0;    // cores per host; 0: not stated
  Bytes memory;       // per host; 0: not stated
  Bytes disk;         // per host, included in the price
  Money price;        // of all `count` hosts
  std::string source;
};

// What a provider lists for one machine.
struct Machine {
  Vendor provider = Vendor::all;
  std::string title;
  double cpus = 0;
  Bytes memory;
  Bytes disk;  // included in the price
  Money price;
  std::string date;  // of the list, "2025-11"
  std::string source;
  std::string url;
};

// USD per GB and month.
struct StoragePrice {
  Money object;
  Money block;
};

struct TcoRow {
  std::string tier;
  Money infrastructure;
  Money operations;
  Money storage;
};

struct ManagedRow {
  std::string tier;
  Money price;
};

struct PriceBook {
  std::string date;  // of everything but the machines
  std::vector<Machine> machines;
  std::vector<HostSet> hosts;
  StoragePrice storage;
  std::vector<TcoRow> tco;
  std::vector<ManagedRow> managed;
};

// Recommended instance types of one provider for one tier, by role of a tier component.
struct InstanceTypes {
  Vendor provider = Vendor::all;
  std::string tier;
  std::vector<std::pair<std::string, std::string>> roles;  // role, type
  std::string source;
};

// The overloads with text are for tests; the product reads the embedded files.
[[nodiscard]] Result<PriceBook> parse_prices(std::string_view text, const std::string& file);
[[nodiscard]] Result<PriceBook> prices();
[[nodiscard]] Result<std::vector<InstanceTypes>> parse_instances(std::string_view text,
                                                                 const std::string& file);
[[nodiscard]] Result<std::vector<InstanceTypes>> instances();

}  // namespace obsctl::catalog
