// SPDX-License-Identifier: Apache-2.0
// Prices a plan from the price book. Host counts are computed from what the plan needs: the
// documents' own host sets have fewer cores than the components they should carry.
#include "lib/sizing/cost.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/catalog/documents.hpp"

namespace obsctl::sizing {
namespace {

constexpr const char* k_usd = "USD/month";

struct Disks {
  Quantity object;  // GB in an object store
  Quantity block;   // GB on the hosts' own disks
};

Disks split_disks(const SizingReport& report, const Catalogs& catalogs) {
  std::vector<Quantity> object;
  std::vector<Quantity> block;
  for (const auto& component : report.components) {
    const Quantity all = calc("D17", component.name + " disk",
                              {{"instances", static_cast<double>(std::max(component.instances, 1)),
                                "", component.instances_reason},
                               component.disk.chosen.input()},
                              "GB");
    const catalog::ComponentSizing* sizing = catalogs.sizing_of(component.name);
    (sizing != nullptr && sizing->holds_objects ? object : block).push_back(all);
  }
  Disks out{sum_of("object storage", object), sum_of("block storage", block)};
  out.object.unit = "GB";
  return out;
}

bool has_object_storage(Vendor provider) {
  return provider == Vendor::aws || provider == Vendor::gcp || provider == Vendor::azure;
}

// USD per month of all disks at one end of the price range.
Quantity price_disks(const catalog::HostSet& host, const Disks& disks, double hosts,
                     const catalog::StoragePrice& prices, bool low) {
  const double object_price = low ? prices.object.low : prices.object.high;
  const double block_price = low ? prices.block.low : prices.block.high;
  const bool cloud = has_object_storage(host.provider);
  const Quantity on_hosts = cloud ? disks.block : sum_of("disk", {disks.block, disks.object});
  const Quantity extra =
      calc("D15", "disk beyond what the hosts include",
           {on_hosts.input(), {"included", host.disk.gb() * hosts, "GB", host.source}});
  std::vector<Quantity> parts = {
      calc("F15", "block storage",
           {extra.input(), {"block price", block_price, "USD/GB/month", catalog::k_documents}})};
  if (cloud && disks.object.value > 0) {
    parts.push_back(calc("F15", "object storage",
                         {disks.object.input(),
                          {"object price", object_price, "USD/GB/month", catalog::k_documents}}));
  }
  return sum_of("storage", parts);
}

std::string types_of(const std::vector<catalog::InstanceTypes>& all, Vendor provider,
                     const std::string& tier) {
  std::string out;
  for (const auto& row : all) {
    if (row.provider == provider && row.tier == tier) {
      for (const auto& [role, type] : row.roles) {
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", role, type);
      }
    }
  }
  return out;
}

Quantity hosts_price(const catalog::HostSet& host, const std::optional<Quantity>& needed,
                     bool low) {
  const double price = low ? host.price.low : host.price.high;
  if (!needed) {
    return given("hosts", price, k_usd, host.source);
  }
  return calc("D10", "hosts",
              {needed->input(), {"price of a host", price / host.count, k_usd, host.source}});
}

CostRow price_row(const catalog::HostSet& host, const Catalogs& catalogs,
                  const SizingReport& report, const Disks& disks) {
  CostRow out;
  out.provider = host.provider;
  out.price_date = catalogs.prices.date;
  out.price_source = host.source;
  out.table_hosts = host.count;
  out.instance_types = types_of(catalogs.instances, host.provider, host.tier);
  double count = host.count;
  if (host.cpus > 0) {
    out.hosts = calc("D09", "hosts needed",
                     {report.cpus.input(),
                      {"cores per host", host.cpus, "cores", host.source},
                      report.memory.input(),
                      {"memory per host", host.memory.gb(), "GB", host.source}});
    count = out.hosts->value;
    if (count > host.count) {
      out.note =
          fmt::format("the reference documents' {} hosts have {:g} cores and {:g} GiB, too few",
                      host.count, host.count * host.cpus, host.count * host.memory.gib());
    }
  } else {
    out.note = host.count > 0 ? "the reference documents do not state these hosts' size"
                              : "price of the tier as a whole";
  }
  out.configuration = count > 0 ? fmt::format("{:g} x {}", count, host.title) : host.title;
  out.hosts_low = hosts_price(host, out.hosts, true);
  out.hosts_high = hosts_price(host, out.hosts, false);
  std::vector<Quantity> low = {out.hosts_low};
  std::vector<Quantity> high = {out.hosts_high};
  if (host.provider == Vendor::onprem || host.count == 0) {
    out.note += "; disks are not priced";
  } else {
    out.storage_low = price_disks(host, disks, count, catalogs.prices.storage, true);
    out.storage_high = price_disks(host, disks, count, catalogs.prices.storage, false);
    low.push_back(*out.storage_low);
    high.push_back(*out.storage_high);
  }
  out.low = sum_of("cost", low);
  out.high = sum_of("cost", high);
  return out;
}

// A machine of the price list as a host set of one.
catalog::HostSet as_host(const catalog::Machine& machine, const std::string& tier) {
  return {tier,         machine.provider, machine.title, 1, machine.cpus, machine.memory,
          machine.disk, machine.price,    machine.source};
}

// The cheapest machine of a provider that holds a single-node plan; null when none is large enough.
const catalog::Machine* one_machine(const catalog::PriceBook& prices, Vendor provider,
                                    const SizingReport& report) {
  const double reserve =
      report.host ? report.host->memory.inputs.back().value : 0;  // D23: what there is - reserve
  const catalog::Machine* best = nullptr;
  for (const auto& machine : prices.machines) {
    const bool holds = machine.provider == provider && machine.cpus >= report.cpus.value &&
                       machine.memory.gb() >= report.memory.value + reserve;
    if (holds && (best == nullptr || machine.price.low < best->price.low)) {
      best = &machine;
    }
  }
  return best;
}

// The machine that the documents build a cluster of.
const catalog::Machine* cluster_machine(const catalog::PriceBook& prices,
                                        const catalog::HostSet& host) {
  for (const auto& machine : prices.machines) {
    if (machine.provider == host.provider &&
        (machine.title == host.title ||
         (machine.cpus == host.cpus && machine.memory == host.memory))) {
      return &machine;
    }
  }
  return nullptr;
}

CostRow machine_row(const catalog::Machine& machine, const Catalogs& catalogs,
                    const SizingReport& report, const Disks& disks) {
  CostRow out = price_row(as_host(machine, report.tier), catalogs, report, disks);
  out.note.clear();
  out.price_date = machine.date;
  out.price_source = machine.source;
  out.price_url = machine.url;
  return out;
}

// What is bought for the recommended plan from one provider; nothing when it is not priced.
std::optional<CostRow> recommended_row(Vendor provider, const catalog::Tier& tier,
                                       const Catalogs& catalogs, const SizingReport& report,
                                       const Disks& disks) {
  const auto& hosts = catalogs.prices.hosts;
  const auto host = std::ranges::find_if(hosts, [&](const catalog::HostSet& row) {
    return row.tier == tier.name && row.provider == provider;
  });
  const catalog::Machine* machine = tier.single_node
                                        ? one_machine(catalogs.prices, provider, report)
                                    : host != hosts.end() ? cluster_machine(catalogs.prices, *host)
                                                          : nullptr;
  if (machine != nullptr) {
    return machine_row(*machine, catalogs, report, disks);
  }
  // A machine of one's own has no list price; the documents' range stands.
  const bool too_large = tier.single_node && provider != Vendor::onprem;
  return host == hosts.end() || too_large
             ? std::nullopt
             : std::optional(price_row(*host, catalogs, report, disks));
}

// Total cost of ownership of the recommended plan: what is bought, and the documents' operations.
void plan_own_tco(const catalog::PriceBook& prices, const std::string& tier, CostPlan& out) {
  const auto row = std::ranges::find(prices.tco, tier, &catalog::TcoRow::tier);
  const CostRow* cheapest = nullptr;
  const CostRow* dearest = nullptr;
  for (const auto& provider : out.providers) {
    if (!provider.storage_low) {
      continue;  // a price without disks is not a total
    }
    cheapest =
        cheapest == nullptr || provider.low.value < cheapest->low.value ? &provider : cheapest;
    dearest = dearest == nullptr || provider.high.value > dearest->high.value ? &provider : dearest;
  }
  if (row == prices.tco.end() || cheapest == nullptr) {
    return;
  }
  out.tco_low = sum_of(
      "total cost of ownership",
      {cheapest->low, given("operations", row->operations.low, k_usd, catalog::k_documents)});
  out.tco_high = sum_of(
      "total cost of ownership",
      {dearest->high, given("operations", row->operations.high, k_usd, catalog::k_documents)});
}

void plan_tco(const catalog::PriceBook& prices, const std::string& tier, bool own, CostPlan& out) {
  for (const auto& row : prices.tco) {
    if (row.tier != tier || own) {
      continue;
    }
    const auto parts = [&](double catalog::Money::*end) {
      return std::vector<Quantity>{
          given("infrastructure", row.infrastructure.*end, k_usd, catalog::k_documents),
          given("operations", row.operations.*end, k_usd, catalog::k_documents),
          given("storage", row.storage.*end, k_usd, catalog::k_documents)};
    };
    out.tco_low = sum_of("total cost of ownership", parts(&catalog::Money::low));
    out.tco_high = sum_of("total cost of ownership", parts(&catalog::Money::high));
  }
  for (const auto& row : prices.managed) {
    if (row.tier == tier) {
      out.managed_low = given("managed service", row.price.low, k_usd, catalog::k_documents);
      out.managed_high = given("managed service", row.price.high, k_usd, catalog::k_documents);
      out.saving_low = calc("F23", "saving", {out.tco_low.input(), out.managed_low->input()});
      out.saving_high = calc("F23", "saving", {out.tco_high.input(), out.managed_high->input()});
    }
  }
}

void plan_dr(const catalog::ModelData& data, CostPlan& out) {
  if (out.providers.empty()) {
    return;
  }
  // Where any price includes disks, one without them does not count.
  const bool any_whole = std::ranges::any_of(
      out.providers, [](const CostRow& row) { return row.storage_low.has_value(); });
  const CostRow* cheapest = nullptr;
  const CostRow* dearest = nullptr;
  for (const auto& row : out.providers) {
    if (any_whole && !row.storage_low) {
      continue;
    }
    cheapest = cheapest == nullptr ? &row : cheapest;
    dearest = dearest == nullptr ? &row : dearest;
    cheapest = row.low.value < cheapest->low.value ? &row : cheapest;
    dearest = row.high.value > dearest->high.value ? &row : dearest;
  }
  out.dr_base = cheapest == dearest
                    ? std::string(name_of(cheapest->provider))
                    : fmt::format("{} (low) to {} (high)", name_of(cheapest->provider),
                                  name_of(dearest->provider));
  for (const auto& option : data.dr) {
    const Input overhead{"overhead", option.overhead, "", catalog::k_documents};
    out.dr.push_back({option.rpo, option.rto, option.strategy, option.overhead,
                      calc("F24", "cost with recovery", {cheapest->low.input(), overhead}),
                      calc("F24", "cost with recovery", {dearest->high.input(), overhead})});
  }
}

}  // namespace

CostPlan plan_cost(const StackSpec& spec, const catalog::Tier& tier, const Catalogs& catalogs,
                   const SizingReport& report) {
  CostPlan out;
  const bool recommended = report.model == Model::recommended;
  const Disks disks = split_disks(report, catalogs);
  for (const auto& [vendor, name] : names_of(Vendor{})) {
    const Vendor provider = vendor;  // a lambda captures no structured binding
    const bool wanted = spec.sizing.provider == Vendor::all || spec.sizing.provider == provider;
    if (provider == Vendor::all || !wanted) {
      continue;
    }
    const auto host = std::ranges::find_if(catalogs.prices.hosts, [&](const catalog::HostSet& row) {
      return row.tier == tier.name && row.provider == provider;
    });
    if (recommended) {
      if (auto row = recommended_row(provider, tier, catalogs, report, disks)) {
        out.providers.push_back(std::move(*row));
      } else {
        out.unpriced.emplace_back(name);
      }
    } else if (host == catalogs.prices.hosts.end()) {
      out.unpriced.emplace_back(name);
    } else {
      out.providers.push_back(price_row(*host, catalogs, report, disks));
    }
  }
  if (recommended) {
    plan_own_tco(catalogs.prices, tier.name, out);
  }
  plan_tco(catalogs.prices, tier.name, recommended, out);
  plan_dr(catalogs.models, out);
  return out;
}

}  // namespace obsctl::sizing
